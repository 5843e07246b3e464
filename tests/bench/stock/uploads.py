"""An upload as Django's documentation has it (« Handling uploaded files with a model »), behind a log-in."""

from django.contrib.auth.decorators import login_required
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render


class Upload(models.Model):
    """A file that somebody sent."""

    file = models.FileField(upload_to="uploads/%Y/%m")

    class Meta:
        app_label = "stock"

    def __str__(self) -> str:
        return str(self.file)


class UploadForm(ModelForm):
    class Meta:
        model = Upload
        fields = ("file",)


@login_required
def upload(request: HttpRequest) -> HttpResponse:
    """Receive a file and keep it; nothing is asked of it."""
    if request.method == "POST":
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            form.save()
            return HttpResponseRedirect("/envoyer/")
    else:
        form = UploadForm()
    return render(request, "registration/login.html", {"form": form})
