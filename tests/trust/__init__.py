"""How well the tests hold the code that everything rests on: who may what, the way out, secrets, the ledger.

By hand: `python -m tests.trust coverage` and `python -m tests.trust mutate`.
"""
