"""The commands of content teams: `flask sync`, `flask content`, `flask walkthroughs`."""
