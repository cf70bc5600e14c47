// What else can be done with an answer.
import { copyText } from "../../webox/clipboard.js";
import { fill, gettext } from "../../webox/i18n.js";
import { openMenu } from "../../webox/menu.js";
import { nameOf } from "./names.js";
import { plainText } from "../text/plain_text.js";

/**
 * Open the menu of a column beside `opener`. `turn` arranges the column: canMove, move, canFold, foldColumn,
 * and its row
 * evenOut. `hooks`: say(text), canContinue(answer), continueWith(answer).
 */
export function openColumnMenu(opener, turn, column, hooks) {
  const { answer } = column;
  const copy = (text) => copyText(text).then(() => hooks.say(gettext("Copied.")));
  const { isRaw } = column.markdown;
  const groups = [
    answer.text.length > 0 && [
      { icon: "copy", label: gettext("Copy as Markdown"), act: () => copy(answer.text.text) },
      { icon: "copy", label: gettext("Copy as plain text"), act: () => copy(plainText(column.prose)) },
      {
        icon: "file",
        label: isRaw ? gettext("Show it formatted") : gettext("Show the Markdown"),
        act: () => column.markdown.setRaw(!isRaw),
      },
    ],
    hooks.canContinue(answer) && [
      { icon: "next", label: gettext("Continue with this AI alone"), act: () => hooks.continueWith(answer) },
    ],
    [
      turn.canMove(column, -1) && {
        icon: "left",
        label: gettext("Move to the left"),
        act: () => turn.move(column, -1),
      },
      turn.canMove(column, 1) && {
        icon: "right",
        label: gettext("Move to the right"),
        act: () => turn.move(column, 1),
      },
      turn.canFold(column) && {
        icon: "fold",
        label: gettext("Fold this column"),
        act: () => turn.foldColumn(column),
      },
      turn.row.isWidened && {
        icon: "columns",
        label: gettext("Same width for all"),
        act: () => turn.row.evenOut(),
      },
    ],
  ];
  const shown = groups
    .filter(Boolean)
    .map((group) => group.filter(Boolean))
    .filter((group) => group.length > 0);
  const items = shown.flatMap((group, index) => (index === 0 ? group : [null, ...group]));
  openMenu(opener, fill(gettext("More actions for %(name)s"), { name: nameOf(answer) }), items);
}
