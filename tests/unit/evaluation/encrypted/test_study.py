from __future__ import annotations

import numpy as np
import pytest

from vultus.errors import ConfigError, InputError, UnknownNameError
from vultus.evaluation.encrypted.study import Study, piped
from vultus.evaluation.row import Bench


def test_systems_of_the_backends_asked_for(study):
    assert {choice.backend for choice in study.choices} == {"vultus"}
    everything = Study(Bench())
    assert {choice.backend for choice in everything.choices} == {"vultus", "lightphe", "phe", "tenseal"}


@pytest.mark.parametrize(("bits", "main"), [((1024, 2048, 3072), 2048), ((3072, 1024), 3072)])
def test_the_size_that_everything_is_measured_at(bits, main):
    assert Study(Bench(), bits=bits).main_bits == main


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"backends": ("ligthphe",)}, UnknownNameError, "unknown backend 'ligthphe'; did you mean 'lightphe'"),
        ({"pairs": "lfv"}, UnknownNameError, "unknown pairs 'lfv'; did you mean 'lfw'"),
        ({"bits": (512,)}, ConfigError, "key sizes are even numbers from 1024 to 8192, not"),
        ({"bits": (1025,)}, ConfigError, "key sizes are even numbers from 1024"),
        ({"bits": ()}, ConfigError, "key sizes are even numbers"),
        ({"dimensions": (1,)}, ConfigError, "dimensions lie between 2 and 4096, not at"),
        ({"pairs": "lfw"}, InputError, "needs the evaluation data lfw_view2: give --data DIR"),
    ],
)
def test_what_cannot_be_measured_is_refused_at_once(options, error, words):
    with pytest.raises(error, match=words):
        Study(Bench(), **options)


def test_templates_are_enough_for_any_block(study):
    name, vectors, probe = study.templates(16)
    assert name.startswith("synthetic, 60 people")
    assert vectors.shape == (4096, 16)
    assert probe.shape == (16,)
    name, vectors, _ = study.templates(24)
    assert name == "synthetic"
    assert vectors.shape == (4096, 24)


def test_the_min_max_pipeline_maps_both_sides_by_the_bounds_of_the_templates(study):
    _, vectors, probe = study.templates(16)
    left, right = piped(vectors, probe, "min-max")
    assert (left >= 0).all()
    assert (right >= 0).all()
    same, probe_too = piped(vectors, probe, "signed")
    assert same is vectors
    assert probe_too is probe
    assert np.isclose(np.linalg.norm(right), 1)
