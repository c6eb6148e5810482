from __future__ import annotations

from vultus.service.documents import takes
from vultus.service.fields import DetectFields, EnrolFields, SearchFields


def test_both_kinds_of_bodies_are_told() -> None:
    content = takes(EnrolFields, many="images", example={"name": "Ada"})["requestBody"]["content"]
    form, plain = content["multipart/form-data"]["schema"], content["application/json"]["schema"]
    assert set(form["required"]) == set(plain["required"]) == {"name", "images"}
    assert form["properties"]["images"]["items"]["format"] == "binary"
    assert form["properties"]["metadata"]["contentMediaType"] == "application/json"
    assert "oneOf" in plain["properties"]["images"]["items"]
    assert content["application/json"]["example"] == {"name": "Ada"}


def test_nothing_is_needed_where_nothing_is() -> None:
    content = takes(SearchFields, one=("image",), optional=True)["requestBody"]["content"]
    assert "required" not in content["application/json"]["schema"]
    assert takes(DetectFields)["requestBody"]["content"]["application/json"]["schema"]["properties"].keys() == {
        "max_faces"
    }
