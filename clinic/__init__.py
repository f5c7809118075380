"""The practice: who works here, who comes, when and where, and who did what."""

from clinic.sqlite import prefer_sound_library

prefer_sound_library()
