"""Fill a new record from what was agreed and what was done the last time.

Only settings and materials are carried over. What has to be seen, weighed, timed or said again
(grams, times, skin, pain, the cartridge's lot, advice given) stays empty.
"""

from treatments.actions.records import Record, zone_areas
from treatments.models import (
    AftercareSheet,
    AnaestheticApplication,
    Device,
    Lot,
    Product,
    ProductUse,
    TreatmentSession,
    ZoneTreatment,
)

CARRIED = (Product.Kind.ANAESTHETIC, Product.Kind.SERUM, Product.Kind.OINTMENT)


def prefill(session: TreatmentSession, appointment) -> None:
    """Write device, zones, numbing product, serums and aftercare sheet into a new draft."""
    last = last_session(session)
    session.device = _device(session, appointment, last)
    session.cleansed_with = last.cleansed_with if last else None
    session.aftercare_sheet = _sheet(last)
    session.save(update_fields=["device", "cleansed_with", "aftercare_sheet"])
    _zones(session, last)
    if last:
        lots = list(Lot.objects.usable(session.clinic, *CARRIED, today=session.performed_on))
        _numbing(session, last, lots)
        _products(session, last, lots)


def last_session(session: TreatmentSession) -> TreatmentSession | None:
    """Return the patient's last valid session, of the same course where there is one."""
    before = TreatmentSession.objects.valid().filter(
        patient=session.patient, performed_on__lte=session.performed_on
    )
    before = before.exclude(pk=session.pk).for_story()
    same_course = before.filter(plan=session.plan).first() if session.plan_id else None
    return same_course or before.first()


def _device(session, appointment, last) -> Device | None:
    """Return the handpiece the diary holds for this appointment, else the last one in service."""
    held = Device.objects.filter(resource=appointment.device_id, retired_on=None).first()
    if appointment.device_id and held:
        return held
    return last.device if last and last.device and last.device.retired_on is None else None


def _sheet(last) -> AftercareSheet | None:
    sheets = AftercareSheet.objects.filter(active=True).order_by("code", "-version")
    if last and last.aftercare_sheet:
        return sheets.filter(code=last.aftercare_sheet.code).first()
    found = list(sheets)
    return found[0] if len({sheet.code for sheet in found}) == 1 else None


def _zones(session, last) -> None:
    """Set zones and depths as agreed; passes and speed as they were used in that zone."""
    before = {row.zone_id: row for row in last.zones.all()} if last else {}
    agreed = session.plan.zones.all() if session.plan else before.values()
    model = session.device.model if session.device else None
    was = last.device.model if last and last.device else None

    def speed(zone_id):
        used = before[zone_id].speed if zone_id in before else None
        return model.speed_instead(used, was=was) if model else used

    ZoneTreatment.objects.bulk_create(
        ZoneTreatment(
            session=session, zone_id=row.zone_id, depth_mm=row.depth_mm, speed=speed(row.zone_id),
            passes=before[row.zone_id].passes if row.zone_id in before else row.passes,
        )
        for row in agreed
    )  # fmt: skip


def _numbing(session, last, lots) -> None:
    """Carry over the cream, its place and cover; grams and times are new each time."""
    record = Record(session)
    zones = {row.zone.code: row.zone for row in record.zones}
    areas = zone_areas(record, zones.values())
    for row in last.numbing.all():
        codes = [code for code in row.zone_codes if code in zones]
        known = [areas[code] for code in codes if code in areas]
        AnaestheticApplication.objects.create(
            session=session, product=row.product, occluded=row.occluded, zone_codes=codes,
            lot=current_lot(lots, row.product_id, row.lot_id, session.performed_on),
            area_cm2=sum(known) if known and len(known) == len(codes) else None,
        )  # fmt: skip


def _products(session, last, lots) -> None:
    ProductUse.objects.bulk_create(
        ProductUse(
            session=session, product=row.product, phase=row.phase, amount=row.amount, unit=row.unit,
            lot=current_lot(lots, row.product_id, row.lot_id, session.performed_on),
        )
        for row in last.products.all()
    )  # fmt: skip


def current_lot(lots, product_id: int, used_before: int | None, today) -> Lot | None:
    """Return the lot in use: the one used last while it is good, else an open one, else the next."""
    good = [
        lot for lot in lots
        if lot.product_id == product_id and (lot.expires_on is None or lot.expires_on >= today)
    ]  # fmt: skip
    same = [lot for lot in good if lot.pk == used_before]
    opened = [lot for lot in good if lot.opened_on]
    return next(iter([*same, *opened, *good]), None)
