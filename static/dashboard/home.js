// One’s own usage: new figures while answers are being written.
import { enliven } from "./enliven.js";
import { keepFresh } from "./fresh.js";

enliven();
keepFresh(enliven);
