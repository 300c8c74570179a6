"""What tests import from one another's rooms: where real data lie, the command line called in this process, runs made by hand."""
