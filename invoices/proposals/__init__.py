"""What the portal makes of a reading of an invoice's PDF: it proposes, the person decides (RULES.md §5.1, §5.2).

Pure functions over `invoices.pdf.reading.Reading`: what is proposed and what differs (`values`), what is refused on
arrival (`refusals`), what is kept with the document (`kept`). Who shows and asks what stands in `invoices.wizard`.
"""
