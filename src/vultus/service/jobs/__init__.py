"""Jobs: folders, zip files and videos that are worked through in the background, and survive a restart."""
