"""While another process writes and does not end: a sentence, nothing typed lost, never an error."""

import contextlib
import re
import subprocess
import sys
import uuid

import pytest
from django.db import connection
from django.urls import reverse

from clinic.actions.refusals import BUSY
from clinic.busy import SessionMiddleware
from clinic.models import Appointment, AuditEvent, Patient
from clinic.views.errors import SIGN_IN_BUSY
from tests import factories
from tests.support.clock import NOON
from tests.support.diary import slot_of
from tests.support.planner import LIVE, text
from tests.support.record_pages import posted
from tests.support.records import ready, record
from tests.support.scenes import ROOT
from treatments.actions.signing import sign_session
from treatments.models import Addendum

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("at_noon"),
]
NEW = {"given_name": "Nora", "family_name": "Fiction", "birth_date": "14/3/1990",
       "request_key": "6d1f7c1e-3d0c-4d4e-9b7e-0f7a3c2b1a00"}  # fmt: skip
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def where() -> str:
    """Return SQLite's file, or what libpq needs to reach the test database."""
    if connection.vendor == "sqlite":
        return str(connection.settings_dict["NAME"])
    from psycopg.conninfo import make_conninfo

    known = connection.get_connection_params()
    return make_conninfo(**{name: known[name] for name in ("host", "port", "user", "password",
                                                           "dbname") if known.get(name)})  # fmt: skip


def shorten_patience() -> None:
    """Wait 50 ms for others instead of seconds."""
    pragma = {"sqlite": "PRAGMA busy_timeout = 50", "postgresql": "SET lock_timeout = '50ms'"}
    with connection.cursor() as cursor:
        cursor.execute(pragma[connection.vendor])


@pytest.fixture
def somebody_writes():
    """Return a context in which a second process holds what every deed needs."""

    @contextlib.contextmanager
    def held():
        shorten_patience()
        with subprocess.Popen(
            [sys.executable, "-m", "tests.faults.writer", connection.vendor, where()],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as writer:  # fmt: skip
            assert writer.stdout.readline() == "held\n"
            try:
                yield
            finally:
                writer.stdin.close()
                writer.wait(20)

    yield held
    connection.close()  # its short patience with it


def test_a_booking_is_refused_in_words_and_the_form_is_as_it_was(
    as_user, desk, patient, somebody_writes
):
    client, slot = as_user(desk), slot_of(patient.clinic, start=600)
    address, facts = reverse("appointment_new"), {
        "patient": patient.pk, "visit": f"service-{patient.clinic.services.get().pk}",
        "slot": f"{slot.start}.{slot.practitioner_id}", "request_key": uuid.uuid4(),
        "note": "Comes with her sister",
    }  # fmt: skip
    client.get(address, {"patient": patient.pk})

    with somebody_writes():
        answer = client.post(address, facts)

    assert (answer.status_code, BUSY in text(answer)) == (422, True)
    assert "Comes with her sister" in answer.content.decode()
    assert Appointment.everything.count() == 0
    assert client.post(address, facts).status_code == 302


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("patient_edit", NEW | {"version": 1, "desk_note": "Rings twice"}, "Rings twice"),
        ("patient_away", {"kind": "holiday", "from_day": "1/12/2026", "to_day": "3/12/2026"},
         "3/12/2026"),
        ("waitlist_add", {"until": "24/12/2026"}, "24/12/2026"),
    ],
)  # fmt: skip
def test_a_form_of_the_desk_says_so_beside_what_was_typed(
    as_user, desk, patient, somebody_writes, name, typed, kept
):
    client, address = as_user(desk), reverse(name, args=[patient.pk])
    form = client.get(address).context["form"]
    sent = {"what": form.initial.get("what", "")} | typed

    with somebody_writes():
        answer = client.post(address, sent)

    assert (answer.status_code, BUSY in text(answer)) == (422, True)
    assert kept in answer.content.decode()


def test_a_new_patient_is_not_registered_and_keeps_the_name(as_user, desk, somebody_writes):
    client = as_user(desk)

    with somebody_writes():
        answer = client.post(reverse("patient_new"), NEW)

    assert (answer.status_code, BUSY in text(answer)) == (422, True)
    assert 'value="Fiction"' in answer.content.decode()
    assert Patient.objects.count() == 0


def test_an_addendum_stays_in_its_form(as_user, practitioner, patient, somebody_writes):
    session = ready(factories.plan(patient), practitioner)
    sign_session(session=session, version=session.version, at=NOON, by=practitioner)
    client = as_user(practitioner)

    with somebody_writes():
        answer = client.post(
            f"/sessions/{session.pk}/addendum/", {"text": "Pinprick bleeding", "reason": "Call"}
        )

    assert (answer.status_code, BUSY in text(answer)) == (422, True)
    assert "Pinprick bleeding" in answer.content.decode()
    assert Addendum.objects.count() == 0


def test_a_draft_that_saves_itself_is_told_to_try_again(
    as_user, practitioner, patient, somebody_writes
):
    session = record(factories.plan(patient), practitioner)
    client, sent = as_user(practitioner), posted(session, notes="Calm skin")

    with somebody_writes():
        answer = client.post(f"/sessions/{session.pk}/save/", sent)
        page = client.post(f"/sessions/{session.pk}/", sent)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert (page.status_code, BUSY in text(page)) == (422, True)
    assert "Calm skin" in page.content.decode()
    session.refresh_from_db()
    assert session.notes == ""


def test_a_page_that_cannot_be_logged_is_not_shown_and_says_when_to_come_back(
    as_user, desk, patient, somebody_writes
):
    client, lines = as_user(desk), AuditEvent.objects.count()

    with somebody_writes():
        answer = client.get(reverse("chart", args=[patient.pk]))

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert BUSY in text(answer)
    assert patient.family_name not in answer.content.decode()
    assert AuditEvent.objects.count() == lines


def test_what_no_form_can_show_again_is_sent_again_from_the_page_that_says_so(
    as_user, lead, patient, somebody_writes
):
    client, address = as_user(lead), reverse("patient_health", args=[patient.pk])
    typed = {"version": "0", "skin_type": "3", "skin_type_method": "seen"}

    with somebody_writes():  # the patient was never opened before: the look cannot be written
        answer = client.post(address, typed)

    assert (answer.status_code, "What you typed is kept." in text(answer)) == (503, True)
    hidden = dict(HIDDEN.findall(answer.content.decode()))
    assert hidden.pop("csrfmiddlewaretoken")
    assert hidden == typed
    assert f'action="{address}"' in answer.content.decode()


def test_a_sign_in_says_what_is_busy_and_asks_for_nothing_but_the_password_again(
    client, desk, somebody_writes
):
    address, next_page = reverse("account_login"), reverse("waitlist")
    typed = {"login": desk.username, "password": factories.PASSWORD, "remember": "on"}

    with somebody_writes():
        answer = client.post(address, typed | {"next": next_page})

    page = answer.content.decode()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert SIGN_IN_BUSY in text(answer)
    assert [name for name, value in answer.context["form"].initial.items() if value] == [
        "login", "remember",
    ]  # fmt: skip
    assert f'value="{desk.username}"' in page
    assert f'value="{next_page}"' in page
    assert factories.PASSWORD not in page
    again = client.post(address, typed | {"next": next_page})
    assert (again.status_code, again.url) == (302, next_page)


def test_a_switch_of_clinics_that_cannot_be_kept_does_not_look_done(as_user, lead, somebody_writes):
    elsewhere = factories.clinic()
    lead.memberships.create(clinic=elsewhere, role="lead")
    client = as_user(lead)

    with somebody_writes():
        answer = client.post(reverse("clinic_switch"), {"clinic": elsewhere.pk})

    assert (answer.status_code, BUSY in text(answer)) == (503, True)


def test_an_answer_goes_out_though_the_sessions_row_cannot_be_written(
    as_user, desk, monkeypatch, somebody_writes
):
    client = as_user(desk)
    monkeypatch.setattr(SessionMiddleware, "process_request", touched(SessionMiddleware))

    with somebody_writes():
        answer = client.get(reverse("waitlist"))

    assert answer.status_code == 200


def touched(middleware):
    """Return its `process_request`, after which the session has something to keep."""
    before = middleware.process_request

    def process_request(self, request):
        before(self, request)
        request.session["seen"] = True

    return process_request


def test_a_part_of_a_page_and_a_script_get_the_sentence_alone(
    as_user, desk, patient, somebody_writes
):
    client = as_user(desk)

    with somebody_writes():
        part = client.get(reverse("appointment_slots"), {"patient": patient.pk}, headers=LIVE)
        script = client.get(
            reverse("chart", args=[patient.pk]), headers={"accept": "application/json"}
        )

    assert (part.status_code, part.content.decode()) == (503, BUSY)
    assert (script.status_code, script.json()) == (503, {"refusal": BUSY, "sentence": BUSY})
