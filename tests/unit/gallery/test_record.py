from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vultus.errors import InputError
from vultus.gallery.record import MAX_NAME, Names, metadata_text, normal_name


@pytest.mark.parametrize(
    "name", ["Ada", "Zoë Ångström", "李小龍", "محمد", "नरेन्द्र", "O'Brien; DROP TABLE person", "👩‍🚀", "a/b"]
)
def test_names_of_the_world_are_kept(name):
    assert normal_name(f"  {name}\n") == name


def test_one_name_in_two_spellings_is_one_name():
    assert normal_name("Zoe\u0308") == normal_name("Zo\u00eb") == "Zo\u00eb"


@pytest.mark.parametrize("name", ["", " \t\n", "\u3000"])
def test_empty_name(name):
    with pytest.raises(InputError, match="name must not be empty"):
        normal_name(name)


def test_names_are_text():
    with pytest.raises(InputError, match="a person's name must be text, but is NoneType"):
        normal_name(None)


def test_long_name():
    assert normal_name("x" * MAX_NAME)
    with pytest.raises(InputError, match=r"at most 200 characters, but this one has 201"):
        normal_name("x" * (MAX_NAME + 1))


@pytest.mark.parametrize(
    ("name", "code"),
    [("a\x00b", "U\\+0000"), ("a\x1b[31m", "U\\+001B"), ("a\udcffb", "U\\+DCFF"), ("a\u202eb", "U\\+202E")],
)
def test_invisible_characters(name, code):
    with pytest.raises(InputError, match=f"must not hold control characters, but .* holds {code}; rename it"):
        normal_name(name)


@given(st.text(max_size=50))
def test_normal_names_are_stable_and_fit_any_store(name):
    try:
        clean = normal_name(name)
    except InputError:
        return
    assert normal_name(clean) == clean
    clean.encode("utf-8")


def test_metadata_is_canonical():
    assert metadata_text({"b": [1, None], "a": "é"}) == '{"a": "é", "b": [1, null]}'


def test_metadata_keys_are_text():
    with pytest.raises(InputError, match="metadata keys must be strings, but 1 is int"):
        metadata_text({1: "x"})


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), b"x", "\udcff"])
def test_metadata_values_are_json(value):
    with pytest.raises(InputError, match="metadata must be JSON values"):
        metadata_text({"a": value})


@given(st.lists(st.text(max_size=5)))
def test_packed_names_are_a_list_of_them(words):
    names = Names(words)
    assert (len(names), list(names)) == (len(words), words)
    assert names[1:-1] == words[1:-1]
    assert [names[-1 - at] for at in range(len(words))] == words[::-1]
    with pytest.raises(IndexError):
        names[len(words)]
    again = Names.packed(names.text, names.ends)
    assert list(again) == words
    assert np.array_equal(again.ends, np.cumsum([0, *(len(word.encode()) for word in words)]))


def test_packed_names_of_many_and_long():
    words = [f"person {number}" * (1 + number % 40) for number in range(1000)]
    names = Names(words)
    assert list(names) == words
    assert names[700] == words[700]
    assert names.ends[-1] == len(names.text)
