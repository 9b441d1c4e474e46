"""How far the scorers agree with people: one file per labelled corpus, figures beside trivial baselines."""
