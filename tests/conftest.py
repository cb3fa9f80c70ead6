"""What holds for every test: a property is judged by its answers, never by how long one example took."""

from hypothesis import settings

settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")
