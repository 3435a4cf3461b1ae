"""Keeps the configuration of OpenCode and Zed as git says it should be.

    git commit ──load──▶ desired ─┐
    (desired-state/)              │
    state db   ─────────▶ recorded├─▶ plan ─▶ what would change, and why ─▶ apply ─▶ a run in the history
    live files ──observe─▶ observed┘          show · save · judge             look again ▸ act ▸ look again ▸ settle

Four words hold the house: `model` has the nouns, `pipeline` the verbs in the order they run, `kinds` what is managed,
`world` everything outside. `app` joins them, `cli` talks to people.
"""
