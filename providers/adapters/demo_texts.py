"""What the demo says, in the two languages of WeBox. It follows the question's language, not the page's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoTexts:
    """`intro` takes `words` (the start of the question) and `turn` (how many questions it was told)."""

    intro: str
    reasoning: str
    bodies: dict[str, str]


_INTRO_EN = """\
**This is a demonstration, not an AI.** No model read your question: WeBox streams a prepared text, so \
that you can see how answers arrive. Question %(turn)d of this conversation began with:

> %(words)s"""

_INTRO_FR = """\
**Ceci est une démonstration, pas une IA.** Aucun modèle n’a lu votre question : WeBox diffuse un \
texte préparé, pour montrer comment les réponses arrivent. La question %(turn)d de cette conversation \
commençait par :

> %(words)s"""

_QUICK_EN = """\
### What a column can show

- **Bold**, *italic* and `code` inside a line
- Lists like this one
- Tables:

| Demo model | What it does |
|---|---|
| `demo:quick` | writes fast |
| `demo:slow` | thinks first, then takes its time |
| `demo:code` | writes a program |
| `demo:broken` | breaks off half-way, on purpose |

Add a key of a real vendor, and its AI answers here in place of this text."""

_QUICK_FR = """\
### Ce qu’une colonne sait montrer

- **Gras**, *italique* et `code` dans une ligne
- Des listes comme celle-ci
- Des tableaux :

| Modèle de démonstration | Ce qu’il fait |
|---|---|
| `demo:quick` | écrit vite |
| `demo:slow` | réfléchit d’abord, puis prend son temps |
| `demo:code` | écrit un programme |
| `demo:broken` | s’interrompt à mi-chemin, exprès |

Ajoutez la clé d’un vrai fournisseur, et son IA répondra ici à la place de ce texte."""

_SLOW_EN = """\
### A slow answer, on purpose

This column writes about eight words a second, for close to half a minute. That leaves time to try \
what WeBox does while an answer is still being written:

1. **Reload the page.** The text so far is there again, and the rest goes on.
2. **Open a second tab** on the same conversation. Both show the same words at the same time.
3. **Stop this answer.** What has been written stays; the other columns are left alone.
4. **Scroll up and read.** The column does not pull you down again.

Each column lives its own life. A fast one does not wait for a slow one, and one that fails takes \
nobody with it. When the last one has ended, the turn is complete and you can ask on; each AI is then \
told the whole conversation with its own earlier answers.

Nothing here was thought up for you: the lines under “Thought” were prepared too. They show where the \
reasoning of a real model would appear, folded away above its answer."""

_SLOW_FR = """\
### Une réponse lente, exprès

Cette colonne écrit environ huit mots par seconde, pendant près d’une demi-minute. Cela laisse le \
temps d’essayer ce que WeBox permet pendant qu’une réponse s’écrit :

1. **Rechargez la page.** Le texte déjà écrit est de nouveau là, et la suite arrive.
2. **Ouvrez un second onglet** sur la même conversation. Les deux montrent les mêmes mots au même moment.
3. **Arrêtez cette réponse.** Ce qui est écrit reste ; les autres colonnes continuent.
4. **Remontez et lisez.** La colonne ne vous ramène pas en bas.

Chaque colonne vit sa vie. Une rapide n’attend pas une lente, et celle qui échoue n’entraîne personne. \
Quand la dernière a fini, le tour est terminé et vous pouvez continuer ; chaque IA reçoit alors toute \
la conversation avec ses propres réponses.

Rien ici n’a été pensé pour vous : les lignes sous « A réfléchi » étaient préparées aussi. Elles \
montrent où le raisonnement d’un vrai modèle apparaîtrait, replié au-dessus de sa réponse."""

_PROGRAM = """\
```python
def word_count(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in text.lower().split():
        counts[word] = counts.get(word, 0) + 1
    return counts


print(word_count("one two two"))
```"""

_CODE_EN = f"""\
### A program, always the same one

It counts how often each word occurs. The block has its language and can be copied:

{_PROGRAM}

It prints `{{'one': 1, 'two': 2}}`. The loop looks at each word once, so the time grows with the \
length of the text."""

_CODE_FR = f"""\
### Un programme, toujours le même

Il compte combien de fois chaque mot apparaît. Le bloc indique son langage et peut être copié :

{_PROGRAM}

Il affiche `{{'one': 1, 'two': 2}}`. La boucle regarde chaque mot une fois : la durée croît avec la \
longueur du texte."""

_BROKEN_EN = """\
### This answer will not be finished

It breaks off about half-way, on purpose, as a vendor does whose connection is lost. The words that \
have arrived are kept, the column says what happened, and “Try again” asks once more; this one breaks \
off again, a real AI mostly does not. You are not meant to read these last lines: they stand here only \
so that there is something to lose. The other columns never notice."""

_BROKEN_FR = """\
### Cette réponse ne sera pas terminée

Elle s’interrompt vers le milieu, exprès, comme un fournisseur dont la connexion se perd. Les mots \
arrivés sont gardés, la colonne dit ce qui s’est passé, et « Réessayer » demande encore une fois ; \
celle-ci s’interrompra de nouveau, une vraie IA le plus souvent non. Vous n’êtes pas censé lire ces \
dernières lignes : elles ne sont là que pour qu’il y ait quelque chose à perdre. Les autres colonnes \
ne remarquent rien."""

TEXTS = {
    "en": DemoTexts(
        intro=_INTRO_EN,
        reasoning="This is not reasoning: it is a prepared line that shows where the thoughts "
        "of a model would appear.",
        bodies={"quick": _QUICK_EN, "slow": _SLOW_EN, "code": _CODE_EN, "broken": _BROKEN_EN},
    ),
    "fr": DemoTexts(
        intro=_INTRO_FR,
        reasoning="Ceci n’est pas un raisonnement : c’est une ligne préparée qui montre où les pensées "
        "d’un modèle apparaîtraient.",
        bodies={"quick": _QUICK_FR, "slow": _SLOW_FR, "code": _CODE_FR, "broken": _BROKEN_FR},
    ),
}
