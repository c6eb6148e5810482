"""What is counted, without requests."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from vultus.errors import StoreError


def test_it_is_prometheus_text_and_a_locked_collection_hides_only_itself(service, monkeypatch) -> None:
    service.galleries.make("other")
    service.metrics.count("GET", "/v1/people", 200, 0.02)

    def open_one(collection_id: str):
        if collection_id == "other":
            raise StoreError("locked")
        return whole(collection_id)

    whole = service.galleries.open
    monkeypatch.setattr(service.galleries, "open", open_one)
    families = {family.name: family for family in text_string_to_metric_families(service.metrics.text().decode())}
    assert [sample.labels["collection"] for sample in families["vultus_people"].samples] == ["default"]
    assert families["vultus_requests"].samples[0].value == 1
    buckets = {sample.labels["le"]: sample.value for sample in families["vultus_request_seconds"].samples
               if sample.name.endswith("_bucket")}  # fmt: skip
    assert (buckets["0.01"], buckets["0.025"]) == (0, 1)
    assert list(service.metrics.describe()) == []
