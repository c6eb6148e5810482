"""A service of Vultus, from Python: typed answers, pages walked through, busy services asked again.

    from vultus.service.client import Client

    with Client("https://faces.example", key) as service:
        people = service.collection("default")
        people.enrol("Ada", ["ada1.jpg", "ada2.jpg"])
        for face in people.identify("party.jpg").pictures[0].faces:
            print(face.name, face.decision.similarity)
        job = service.start_job("enrol", file="people.zip")
        for now in service.follow_job(job.job_id):
            print(now.done, now.total)
        for event in service.follow_monitor(service.add_monitor("front door", "rtsp://camera/live").monitor_id):
            print(event.at, event.type, event.name)

Needs `vultus[serve]` (httpx, pydantic) and neither models nor an engine.
"""

from vultus.service.client.client import Client
from vultus.service.client.collection import CollectionClient

__all__ = ["Client", "CollectionClient"]
