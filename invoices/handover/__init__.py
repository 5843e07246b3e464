"""Hand-over: what is transmitted is put where the OPCO's own system collects it, and that system is told (HANDOVER_URL).

What it finds there is published in docs/handover/.
"""
