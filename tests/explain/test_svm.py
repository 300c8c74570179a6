"""The linear machine's penalty."""

import numpy as np

from figment.explain.svm import PENALTIES, LinearSVM, best_penalty


def test_the_penalty_is_the_one_that_cross_validation_prefers() -> None:
    random = np.random.default_rng(0)
    classes = np.arange(60) % 2
    x = random.standard_normal((60, 300)).astype(np.float32)
    x[:, :100] += 0.35 * classes[:, None]
    from sklearn.model_selection import StratifiedKFold

    right = dict.fromkeys(PENALTIES, 0)
    for learn, test in StratifiedKFold(3, shuffle=True, random_state=0).split(x, classes):
        for penalty in PENALTIES:
            right[penalty] += (LinearSVM(penalty).fit(x[learn], classes[learn]).predict(x[test]) == classes[test]).sum()
    assert best_penalty(x, classes) == max(PENALTIES, key=lambda penalty: right[penalty])
    assert best_penalty(x[:2], classes[:2]) == PENALTIES[1]  # nothing to validate on
