"""What the pages of both listeners share: words, templates, language, headers, signing in.

Below `server` and `ops`, which do not know each other. No session is known here.
"""
