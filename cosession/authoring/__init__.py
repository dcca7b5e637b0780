"""What people write in files: scripts and programmes. Reads and checks them, draws them, and writes what editors and
readers of them need.
"""
