"""What a person would trip over on a machine, by where it lies; `app/checkup.py` goes through them in order."""
