"""What the admin site is called."""

from django.contrib import admin

admin.site.site_header = "Taskbell"
admin.site.site_title = "Taskbell"
admin.site.index_title = "Everything in this installation"
