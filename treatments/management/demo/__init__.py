"""The demo: two fictitious clinics, their people, and nine months of their work.

`places` builds the clinics, `people` the patients, `story` says what happens to whom, `agenda` lets
it happen in order of time, `visits` does the deeds, `skin` draws what the camera would have seen and
`album` files it. Everything goes through the deeds a clinic would use, at the time it would have.
"""
