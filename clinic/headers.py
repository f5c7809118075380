"""Headers every answer carries, errors included."""


class HeadersMiddleware:
    """Keep pages out of caches and out of other sites' hands.

    Static files say themselves how long they keep; everything else is private and not stored, so a
    shared iPad's back button shows nothing after signing out.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
