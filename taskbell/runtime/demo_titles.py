"""What the sample tasks are called, by category."""

TITLES = {
    "Garden": (
        *("Order the seedlings", "Water the seedlings", "Repair the greenhouse roof", "Set the watering timer"),
        *("Plant the potatoes", "Sharpen the tools", "Build the raised beds", "Order soil and compost"),
        *("Prune the apple trees", "Check the water pump"),
    ),
    "Office": (
        *("Clean the meeting room", "Renew the printer contract", "Order new chairs", "Write the job posting"),
        *("Plan the team day", "Sort the photo archive", "Replace the coffee machine", "Book rooms for the workshop"),
        *("Review the backup plan", "Update the emergency contacts"),
    ),
    "Website": (
        *("Review the landing page", "Write the newsletter", "Renew the domain", "Fix the contact form"),
        *("Translate the price list", "Choose photos for the team page", "Check the links on the blog"),
        *("Measure how fast pages load", "Write the privacy notice", "Test checkout on a phone"),
    ),
    "Finance": (
        *("Send last month's invoices", "Pay the rent", "Collect the tax papers", "Approve the budget"),
        *("Check the travel expenses", "Compare insurance offers", "Call the bank about the loan"),
        *("Review the price list", "File the receipts", "Remind customers of open invoices"),
    ),
    "Events": (
        *("Book the band", "Send the invitations", "Order drinks and ice", "Rent the tent"),
        *("Plan the seating", "Ask for the noise permit", "Design the poster", "Find helpers for the grill"),
        *("Borrow the sound system", "Take photos of the venue"),
    ),
    "Support": (
        *("Answer the open tickets", "Call about the delivery from Lyon", "Write the guide for beginners"),
        *("Exchange the broken parts", "Ask customers for feedback", "Update the opening hours"),
        *("Check the shared inbox", "Draft replies to common questions"),
    ),
}
