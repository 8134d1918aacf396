"""Take a run away: weights, script, predictions, report; and bring weights or a run back."""
