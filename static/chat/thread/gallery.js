// The images of a question that was asked: small beside it, large in a dialog.
import { el, iconButton } from "../../webox/dom.js";
import { fill, gettext, number } from "../../webox/i18n.js";

let dialog = null;
let large = null;

function build() {
  large = el("img", {});
  const close = iconButton("cross", gettext("Close"), () => dialog.close());
  dialog = el("dialog", { class: "dialog viewer", "aria-label": gettext("Image") }, close, large);
  // A click beside the image closes it, too.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
}

function show({ url, width, height }, alt) {
  if (!dialog) build();
  Object.assign(large, { src: url, width, height, alt });
  dialog.showModal();
}

/** Thumbnails; each is a link, so that it can also be opened or saved as a file. */
export function gallery(attachments) {
  const items = attachments.map((record, index) => {
    const alt = fill(gettext("Image %(number)s"), { number: number(index + 1) });
    const image = el("img", {
      src: record.url,
      alt,
      width: record.width,
      height: record.height,
      loading: "lazy",
    });
    const link = el("a", { href: record.url, target: "_blank", rel: "noopener" }, image);
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      show(record, alt);
    });
    return el("li", {}, link);
  });
  return el("ul", { class: "gallery", "aria-label": gettext("Images of the question") }, ...items);
}
