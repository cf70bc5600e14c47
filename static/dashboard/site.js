// Everybody’s usage.
import { enliven } from "./enliven.js";

enliven();
