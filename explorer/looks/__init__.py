"""What two runs are looked at for, a room each."""
