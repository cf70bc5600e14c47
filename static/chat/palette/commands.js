// The commands of the palette: every control of the page that says it is one, and what only the keyboard
// reaches.
import { gettext } from "../../webox/i18n.js";
import { showSide, toggleSide } from "../../webox/page.js";

/** What can be done from here as {key, label, keywords, icon, href or act, keys}. */
export function commands({ sidebar, help }) {
  return [...[...document.querySelectorAll("[data-command]")].map(ofControl), ...own({ sidebar, help })];
}

function ofControl(node) {
  const { command, keywords = "", combination } = node.dataset;
  const name = node.querySelector("use")?.getAttribute("href").split("#")[1] ?? "next";
  const way = node instanceof HTMLAnchorElement ? { href: node.href } : { act: () => node.click() };
  return {
    key: `control-${command}`,
    label: node.title || node.textContent.trim(),
    keywords,
    icon: name,
    combination,
    ...way,
  };
}

function own({ sidebar, help }) {
  const inSidebar = (act) => () => {
    showSide();
    act();
  };
  return [
    {
      key: "sidebar",
      label: gettext("Fold or open the sidebar"),
      icon: "sidebar",
      combination: "mod+shift+s",
      act: toggleSide,
    },
    {
      key: "select",
      label: gettext("Select several conversations"),
      icon: "select",
      act: inSidebar(() => sidebar.select()),
    },
    {
      key: "favourites",
      label: gettext("Show the favourites"),
      icon: "star",
      act: inSidebar(() => sidebar.choose({ kind: "favourites" })),
    },
    {
      key: "archive",
      label: gettext("Show the archive"),
      icon: "archive",
      act: inSidebar(() => sidebar.choose({ kind: "archive" })),
    },
    {
      key: "keys",
      label: gettext("Keyboard"),
      keywords: gettext("shortcuts help"),
      icon: "keyboard",
      combination: "?",
      act: () => help.toggle(),
    },
  ];
}
