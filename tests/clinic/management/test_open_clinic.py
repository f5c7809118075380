"""The first clinic of an installation."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clinic.models import Clinic, Membership, User
from tests import factories

pytestmark = pytest.mark.django_db
ASKED = ["--name", "Harbour Skin", "--lead-username", "nora", "--lead-email", "nora@example.org",
         "--site", "https://clinic.example"]  # fmt: skip


def test_a_clinic_opens_with_its_lead_and_the_link_is_printed(client):
    out = StringIO()

    call_command("open_clinic", *ASKED, stdout=out)

    link = out.getvalue().split()[-1]
    assert link.startswith("https://clinic.example/account/password/reset/key/")
    assert client.get(link.removeprefix("https://clinic.example")).status_code == 302
    assert Membership.objects.values_list("clinic__slug", "user__username", "role").get() == (
        "harbour-skin", "nora", "lead",
    )  # fmt: skip


@pytest.mark.parametrize("wrong", [["--time-zone", "Mars/Base"], ["--lead-email", "nobody"]])
def test_what_is_wrong_is_one_sentence_and_leaves_nothing(wrong):
    with pytest.raises(CommandError) as refused:
        call_command("open_clinic", *ASKED, *wrong, stdout=StringIO())

    assert str(refused.value)
    assert (Clinic.objects.count(), User.objects.count()) == (0, 0)


def test_a_second_clinic_is_refused():
    factories.clinic()

    with pytest.raises(CommandError, match="already stands"):
        call_command("open_clinic", *ASKED, stdout=StringIO())
