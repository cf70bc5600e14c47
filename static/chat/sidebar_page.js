// Every signed-in page: its sidebar, palette and keys. The chat’s page tells it what happens in its
// conversation.
import { $ } from "../webox/dom.js";
import { KeyboardHelp } from "./palette/keyboard_help.js";
import { listenForKeys } from "./palette/keys.js";
import { Palette } from "./palette/palette.js";
import { Sidebar } from "./sidebar/sidebar.js";
import { Actions } from "./sidebar/actions.js";
import { Conversations } from "./sidebar/store.js";
import { TopBar } from "./sidebar/top_bar.js";

export const conversations = new Conversations(JSON.parse($("#side-state").textContent));
export const actions = new Actions(conversations);
export const sidebar = new Sidebar($(".side-list"), { store: conversations, actions });

const help = new KeyboardHelp();
const palette = new Palette({ store: conversations, sidebar, help });
const bar = $("[data-conversation-bar]");
if (bar) new TopBar(bar, { store: conversations, actions, sidebar });
listenForKeys({ palette, help });
