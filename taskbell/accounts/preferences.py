"""The emails that people may switch off. Each feature registers a switch for those it sends."""

# By the name that `Profile.mail_preferences` keeps: the label of its switch, which continues "Email me when".
MAIL_SWITCHES: dict[str, str] = {}
