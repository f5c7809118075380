"""What happens to whom: every state a course can be in, told in days before and after today."""

from dataclasses import dataclass
from datetime import date, timedelta

STARTED_DAYS_AGO = 275  # nine months


@dataclass(frozen=True)
class Course:
    """One course as it will have gone by today. Days count from today: `done` ago, `ahead` to come.

    `today` is the wall minute of today's visit. `missed` and `cancelled` are days ago of visits
    that did not take place. `turns` names things out of the ordinary, see `visits`.
    """

    state: str
    sessions: int
    done: tuple[int, ...] = ()
    today: int | None = None
    ahead: tuple[int, ...] = ()
    agreed: int | None = None  # days ago; a week before the first session unless told
    who: int = 0
    missed: int | None = None
    cancelled: int | None = None
    protocol: str = "BACK_AS"
    zones: tuple[str, ...] = ("B_UPPER_L", "B_UPPER_R")
    cream: str = "lmx"
    whole: bool = False  # the dates were booked all at once from a proposal
    camera: bool = False
    turns: tuple[str, ...] = ()
    event: int | None = None  # days to a date that matters
    notes: str = ""
    stopped: tuple[int, str] | None = None

    @property
    def agreed_days_ago(self) -> int:
        """Return how many days ago the course was agreed."""
        first = max(self.done, default=0) or (-min(self.ahead) if not self.today and self.ahead
                                             else 0)  # fmt: skip
        return self.agreed if self.agreed is not None else max(first, 0) + 9

    def days(self, today: date) -> list[date]:
        """Return the days of the sessions that have or will have a date, in order."""
        offsets = [-ago for ago in self.done] + [0] * (self.today is not None) + list(self.ahead)
        return [today + timedelta(days=offset) for offset in offsets]


FULL_BACK = ("B_UPPER_L", "B_UPPER_R", "B_INTERSCAP")
CHEEKS = {"protocol": "FACE_AS", "zones": ("F_CHEEK_L", "F_CHEEK_R"), "cream": "emla"}
PORES = {"protocol": "PORES", "zones": ("F_CHEEK_L", "F_CHEEK_R", "F_NOSE"), "cream": "emla"}
MARKS = {"protocol": "STRIAE", "zones": ("B_LOWER_L", "B_LOWER_R")}

NORTH = (
    # Today
    Course("today", 4, (108, 72, 36), today=510, who=0, camera=True, zones=FULL_BACK,
           notes="Rolling scars, older on the left. Goal: a backless dress without worry."),
    Course("today", 4, (37,), today=550, who=1, ahead=(36, 73), camera=True, turns=("late cream",)),
    Course("today", 4, (71, 35), today=600, who=2, ahead=(37,), camera=True, zones=FULL_BACK,
           turns=("deeper", "addendum", "retinoid"), event=62, notes="Wedding; wants calm skin on the day."),
    Course("today", 5, (105, 70, 33), today=650, who=0, ahead=(35,), camera=True,
           turns=("struck",)),
    Course("today", 4, (), today=690, who=1, ahead=(36,), agreed=16, turns=("late consent",),
           **CHEEKS),
    Course("today", 3, (36,), today=800, who=0, camera=True, turns=("old weight",)),
    Course("today", 4, (75, 40), today=860, who=1, missed=47, **MARKS),
    Course("today", 4, (), today=960, who=0, ahead=(35, 71), agreed=12,
           turns=("isotretinoin", "no consent")),
    Course("today", 6, (29,), today=1010, who=1, zones=("B_MID_L", "B_MID_R"), cream="",
           notes="Amide allergy: no numbing cream with lidocaine or prilocaine."),
    # On track
    Course("on_track", 4, (20,), ahead=(15, 51), who=2, camera=True),
    Course("on_track", 4, (50, 14), ahead=(21, 57), who=1, camera=True, turns=("addendum",)),
    Course("on_track", 3, (), ahead=(5, 40, 75), agreed=6, who=0, whole=True, zones=FULL_BACK,
           turns=("no consent",)),
    Course("on_track", 4, (100, 62, 25), ahead=(10,), who=2, camera=True, zones=FULL_BACK,
           turns=("petrolatum",)),
    Course("on_track", 3, (8,), who=1, **PORES),
    Course("on_track", 4, (40, 12), ahead=(23, 58), who=0, whole=True, **CHEEKS),
    # Book now
    Course("book_now", 4, (18,), who=0, camera=True, zones=FULL_BACK,
           turns=("petrolatum", "addendum")),
    Course("book_now", 3, (69, 34), who=2, **CHEEKS),
    Course("book_now", 4, (), agreed=10, who=1, turns=("no consent",)),
    Course("book_now", 4, (30,), ahead=(6,), who=2, turns=("to move",)),
    # Overdue
    Course("overdue", 4, (38,), who=0, cancelled=3, camera=True),
    Course("overdue", 4, (76, 40), who=1, **MARKS),
    Course("overdue", 5, (115, 78, 41), who=2, cancelled=6, zones=("B_UPPER_R", "B_MID_R")),
    # At risk
    Course("at_risk", 4, (50,), who=0, missed=15),
    Course("at_risk", 4, (95, 60), who=1, cancelled=20, camera=True),
    Course("at_risk", 3, (75,), who=2, missed=38, **PORES),
    # Lapsed
    Course("lapsed", 4, (130, 95), who=0, missed=58),
    Course("lapsed", 4, (150,), who=1, **CHEEKS),
    # Done
    Course("done", 4, (200, 165, 130, 95), who=0, camera=True, zones=FULL_BACK,
           turns=("addendum", "withdrew")),
    Course("done", 3, (160, 124, 88), who=1, missed=131),
    Course("done", 4, (230, 194, 155, 120), who=2, zones=("B_MID_L", "B_MID_R"),
           turns=("deeper",)),
    # Stopped
    Course("stopped", 4, (170, 135), who=0, stopped=(100, "Moved away; goes on with a clinic there")),
    # Blocked
    Course("blocked", 4, (77, 43), who=1, turns=("paused",)),
)  # fmt: skip
SOUTH = (
    Course("today", 4, (36,), today=600, ahead=(35,), camera=True),
    Course("today", 4, (70, 34), today=780, **CHEEKS),
    Course("on_track", 3, (10,), ahead=(21,)),
    Course("book_now", 4, (25,)),
    Course("overdue", 4, (40,), cancelled=4),
    Course("at_risk", 4, (55,), missed=18),
    Course("done", 3, (150, 115, 80)),
    Course("stopped", 4, (90,), stopped=(60, "Pregnant; wishes to pause all treatments")),
)  # fmt: skip
#: Visits outside courses: (service, days from today, wall minute or None for any, practitioner),
#: True behind them where nobody wrote down what became of it.
NORTH_VISITS = (
    ("Consultation", 0, 750, 2), ("Review", 0, 900, 2), ("Consultation", 0, 1070, 2),
    ("Consultation", -12, None, 0), ("Consultation", -33, None, 1), ("Review", -9, None, 2),
    ("Consultation", 2, None, 0), ("Consultation", 4, None, 1), ("Review", 7, None, 2),
    ("Consultation", 1, None, 2), ("Consultation", -1, None, 1, True), ("Review", -2, None, 2, True),
)  # fmt: skip
SOUTH_VISITS = (("Consultation", 0, 900, 0), ("Consultation", -7, None, 0),
                ("Consultation", 3, None, 0))  # fmt: skip
SMALL_NORTH = tuple(NORTH[place] for place in (3, 1, 15, 19, 22, 26, 28, 30, 31))
