"""The trail: who did what, on what, when, from where, with what result. Written once, never changed; knows no app."""
