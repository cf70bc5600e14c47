"""Every address of WeBox over HTTP."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from accounts.api.usage import UsageView
from accounts.signing_in.views import language as set_language
from operations.metrics import metrics
from webox import views

# Two-factor, rate limits and our own page, in front of the admin too.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "WeBox"

handler400 = "webox.views.bad_request"
handler404 = "webox.views.not_found"
handler500 = "webox.views.server_error"
urlpatterns = [
    path("", views.home, name="home"),
    # For the pages that name no icon of their own: the admin's and the browsable API's.
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}webox/icon.svg")),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("chat/", include("chat.urls")),
    path("dashboard/", include("dashboard.urls")),
    path("accounts/", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("i18n/setlang/", set_language, name="set_language"),
    path("i18n/<str:version>/<str:language>.js", views.ScriptWords.as_view(), name="script-words"),
    path("api/", views.ApiRoot.as_view(), name="api-root"),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("api/auth/", include("accounts.api.urls")),
    path("api/chat/", include("chat.api.urls")),
    path("api/stats/", include("dashboard.api.urls")),
    path("api/usage", UsageView.as_view(), name="usage"),
    path("v1/", include("gateway.urls")),
]
