"""Prepared questions answer as the QuerySets they were made of, and hold what those hold."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import BigIntegerField, DateField, DateTimeField, UUIDField
from django.db.transaction import TransactionManagementError

from clinic.models import Appointment, Patient
from clinic.models.prepared import Given, Prepared, change, insert
from tests import factories

TUESDAY = date(2026, 11, 24)


def visits_from(day, before, key):
    """Return the QuerySet that the question below is made of."""
    rows = Appointment.objects.filter(local_date__gte=day, starts_at__lt=before).order_by("pk")
    return rows.exclude(request_key=key)


@pytest.fixture
def visits(patient):
    """Return visits of three days from Tuesday on; the second came by a form."""
    rows = [factories.appointment(patient, TUESDAY + timedelta(days=n)) for n in range(3)]
    Appointment.objects.filter(pk=rows[1].pk).update(request_key=uuid4(), why_this_date=[{"a": 1}])
    return rows


def test_values_come_back_as_the_queryset_has_them(visits):
    asked = []

    @Prepared
    def question():
        asked.append(connection.vendor)
        rows = visits_from(
            Given("day", DateField()), Given("before", DateTimeField()), Given("key", UUIDField())
        )
        return rows.values_list("pk", "local_date", "starts_at", "request_key", "why_this_date")

    for later, count in ((1, 2), (2, 1)):
        day = TUESDAY + timedelta(days=later)
        given = {"day": day, "before": datetime(2026, 12, 24, tzinfo=UTC), "key": uuid4()}
        plain = visits_from(*given.values()).values_list(
            "pk", "local_date", "starts_at", "request_key", "why_this_date"
        )
        assert question(**given) == list(plain)
        assert len(plain) == count
    assert asked == [connection.vendor]  # worked out once


def test_a_row_is_the_model_with_all_its_columns(visits, django_assert_num_queries):
    question = Prepared(lambda: Appointment.objects.filter(pk=Given("pk", BigIntegerField())))
    plain = Appointment.objects.get(pk=visits[1].pk)

    (row,) = question.rows(pk=visits[1].pk)

    names = [field.attname for field in Appointment._meta.concrete_fields]
    with django_assert_num_queries(0):
        assert [getattr(row, name) for name in names] == [getattr(plain, name) for name in names]
    row.note = "kept"
    row.save()  # it knows that it is in the database
    assert Appointment.objects.get(pk=row.pk).note == "kept"


def test_a_row_comes_with_what_is_joined_and_only_the_columns_asked_for(
    visits, django_assert_num_queries
):
    question = Prepared(
        lambda: (
            Appointment.objects.filter(pk=Given("pk", BigIntegerField()))
            .select_related("patient", "room", "ended_by")
            .only("local_date", "patient__given_name", "room__name", "ended_by__username")
        )
    )
    with django_assert_num_queries(1):
        (row,) = question.rows(pk=visits[0].pk)
        found = (row.local_date, row.patient.given_name, row.room.name, row.ended_by)

    plain = Appointment.objects.get(pk=visits[0].pk)
    assert found == (TUESDAY, plain.patient.given_name, plain.room.name, None)
    assert row.get_deferred_fields() >= {"note", "starts_at"}
    assert row.note == plain.note  # asked for then


def test_a_given_day_may_be_shifted_either_way(visits):
    day = Given("day", DateField())
    around = (day - timedelta(days=1), day + timedelta(days=1))
    question = Prepared(
        lambda: (
            Appointment.objects.filter(local_date__range=around)
            .order_by("local_date")
            .values_list("local_date")
        )
    )

    assert question(day=TUESDAY) == [(TUESDAY,), (TUESDAY + timedelta(days=1),)]


def test_an_unknown_name_of_a_value_is_refused(patient):
    question = Prepared(lambda: Patient.objects.filter(pk=Given("pk", BigIntegerField())))

    with pytest.raises(KeyError):
        question(id=patient.pk)


def test_a_value_cannot_become_sql(patient):
    question = Prepared(lambda: Patient.objects.filter(pk=Given("pk", BigIntegerField())))

    with pytest.raises(ValueError, match="expected a number"):
        question(pk="1 OR 1=1")


def test_postgresql_keeps_the_plan_of_a_question(patient, django_assert_num_queries):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite plans in microseconds.")
    question = Prepared(
        lambda: Patient.objects.filter(pk=Given("pk", BigIntegerField())).values_list("pk")
    )

    with django_assert_num_queries(2):  # counted as any other
        assert [question(pk=patient.pk), question(pk=0)] == [[(patient.pk,)], []]

    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        kept = [sql for (sql,) in cursor.fetchall() if 'FROM "clinic_patient"' in sql]
    assert len(kept) == 1


def columns_of(row):
    """Return what is stored of an appointment but its key and what must differ."""
    names = {field.attname for field in Appointment._meta.concrete_fields} - {"id", "request_key"}
    return Appointment.objects.filter(pk=row.pk).values(*names).get()


def twin_of(row, key):
    """Return an unsaved appointment with the same columns but for the key of its form."""
    return Appointment(**columns_of(row), request_key=key)


@pytest.mark.parametrize("count", [1, 3])
def test_new_rows_are_written_in_one_statement_as_the_orm_writes_them(
    visits, count, django_assert_num_queries
):
    keys = [uuid4() for _ in range(count)]
    rows = [twin_of(visits[1], key) for key in keys]

    with django_assert_num_queries(1):
        insert(rows)

    stored = Appointment.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk")
    assert [row.request_key for row in stored] == keys
    assert [columns_of(row) for row in rows] == [columns_of(visits[1])] * count
    state = rows[0]._state
    assert (state.adding, state.db) == (False, connection.alias)


def test_nothing_to_write_is_no_statement(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        insert([])


def test_a_new_row_keeps_the_promises(visits):
    twin = twin_of(visits[1], Appointment.objects.get(pk=visits[1].pk).request_key)

    with pytest.raises(IntegrityError), transaction.atomic():
        insert([twin])


def test_a_change_writes_its_columns_and_no_other(visits):
    before = columns_of(visits[1])
    visits[1].note = "not written"

    written = change(
        visits[1], why_this_date=[], local_date=TUESDAY, ended_by=None, request_key=None
    )

    after = before | {"why_this_date": [], "local_date": TUESDAY}
    assert (written, columns_of(visits[1])) == (1, after)
    assert columns_of(visits[0])["local_date"] == TUESDAY


def test_a_change_of_a_row_that_is_gone_says_so(visits):
    Appointment.objects.filter(pk=visits[2].pk).delete()

    assert change(visits[2], note="late") == 0


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_inside_a_transaction_only():
    if not connection.features.has_select_for_update:
        pytest.skip("SQLite locks the whole database when a deed begins.")
    question = Prepared(
        lambda: Patient.objects.select_for_update().filter(pk=Given("pk", BigIntegerField()))
    )
    with transaction.atomic():
        assert question(pk=0) == []  # compiled, so that the next one finds it made
    with pytest.raises(TransactionManagementError):
        question(pk=0)
