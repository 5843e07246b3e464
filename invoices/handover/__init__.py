"""Hand-over: what is transmitted is put where the OPCO's own system collects it (HANDOVER_URL), and that is told.

What it finds there is published in docs/handover/.
"""
