"""What: the dossiers, their products and statuses, and which of them a person may see, deposit on, associate."""
