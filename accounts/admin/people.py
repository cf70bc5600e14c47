"""People and invitations in Django's admin."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import DateTimeField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin.premium_form import SELECTED, NamedDateTime, PremiumForm
from accounts.admin.rights import is_owner
from accounts.models import Invitation, User
from accounts.plans import premium
from accounts.plans.allowance import usage_of
from accounts.signing_in import second_step, sessions

# User.email is the one address of an account; what lets people in is theirs alone to see.
admin.site.unregister([EmailAddress, Authenticator, UserSession])

OWNER_ONLY_FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")


class UserAddForm(AdminUserCreationForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta:
        model = User
        fields = ("email", "username")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Only the owner makes administrators; other administrators can't change the owner."""

    add_form = UserAddForm
    list_display = ("username", "email", "is_premium", "is_staff", "is_active", "created_at", "last_login")
    list_filter = (
        *("is_premium", "plan", "is_active", "is_staff", "is_superuser", "created_at"),
        ("deletes_at", admin.EmptyFieldListFilter),
    )
    search_fields = ("username", "username_key", "email", "email_key")
    ordering = ("-created_at",)
    readonly_fields = ("created_at", "last_login", "used", "deletes_at")
    formfield_overrides = {DateTimeField: {"widget": NamedDateTime}}
    actions = (
        *("give_premium", "take_premium", "sign_out", "deactivate", "reopen"),
        *("make_reset_link", "turn_off_second_step"),
    )
    fieldsets = (
        (None, {"fields": ("email", "username", "password")}),
        (_("Plan"), {"fields": ("is_premium", "premium_until", "plan", "used")}),
        (_("Rights"), {"fields": ("is_active", "deletes_at", *OWNER_ONLY_FIELDS)}),
        (_("More"), {"fields": ("preferences", "created_at", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "username", "usable_password", "password1", "password2")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if is_owner(request) else (*fields, *OWNER_ONLY_FIELDS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if obj.is_active:
            # Whoever opens an account again means to keep it.
            obj.deletes_at = None
        super().save_model(request, obj, form, change)
        if {"is_premium", "premium_until"} & {*form.changed_data}:
            # Once more by the door that leaves a line in the history.
            by = request.user if isinstance(request.user, User) else None
            if obj.is_premium:
                premium.give(obj, by=by, until=obj.premium_until)
            else:
                premium.take(obj, by=by)

    @admin.display(description=_("used"))
    def used(self, user: User) -> str:
        """What is used of the plan in force, in words."""
        usage = usage_of(user, now=timezone.now())
        limits = (
            (_("questions today"), usage.messages_per_day, "%.0f"),
            (_("tokens this month"), usage.tokens_per_month, "%.0f"),
            (_("US dollars this month"), usage.usd_per_month, "%.2f"),
        )
        told = [
            f"{name}: {form % one.used}" + ("" if one.limit is None else f" / {form % one.limit}")
            for name, one, form in limits
        ]
        return " · ".join([usage.plan_name, *told])

    @admin.action(description=_("Give premium"), permissions=["change"])
    def give_premium(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        return self._change_premium(request, queryset, is_giving=True)

    @admin.action(description=_("Take premium away"), permissions=["change"])
    def take_premium(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
        return self._change_premium(request, queryset, is_giving=False)

    def _change_premium(
        self, request: HttpRequest, queryset: QuerySet[User], *, is_giving: bool
    ) -> HttpResponse | None:
        """Ask until when and why; then do it, once that is answered."""
        people = [user for user in queryset.order_by("username_key") if _may_touch(request, user)]
        form = PremiumForm(request.POST if "apply" in request.POST else None, is_giving=is_giving)
        if not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "title": _("Give premium") if is_giving else _("Take premium away"),
                "action": "give_premium" if is_giving else "take_premium",
                "people": people,
                "form": form,
                "selected": SELECTED,
            }
            return TemplateResponse(request, "admin/accounts/premium.html", context)
        by = request.user if isinstance(request.user, User) else None
        reason = form.cleaned_data["reason"]
        for user in people:
            if is_giving:
                premium.give(user, by=by, until=form.end, reason=reason)
            else:
                premium.take(user, by=by, reason=reason)
            self.log_change(request, user, f"{'give' if is_giving else 'take'}_premium: {reason}")
        count = len(people)
        said = (
            ngettext("%(count)d account is premium now.", "%(count)d accounts are premium now.", count)
            if is_giving
            else ngettext("%(count)d account is free again.", "%(count)d accounts are free again.", count)
        )
        self.message_user(request, said % {"count": count}, messages.SUCCESS)
        return None

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        users = [user for user in queryset if _may_touch(request, user)]
        for user in users:
            sessions.end_all(user)
            self.log_change(request, user, "sign_out")
        said = ngettext(
            "%(count)d person is signed out everywhere.",
            "%(count)d people are signed out everywhere.",
            len(users),
        )
        self.message_user(request, said % {"count": len(users)}, messages.SUCCESS)

    @admin.action(description=_("Close the account"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        # One by one: saving is what ends sessions, tokens and sockets.
        users = [user for user in queryset if user != request.user and _may_touch(request, user)]
        for user in users:
            user.is_active = False
            user.save(update_fields=["is_active"])
            self.log_change(request, user, "deactivate")
        said = ngettext("%(count)d account is closed.", "%(count)d accounts are closed.", len(users))
        self.message_user(request, said % {"count": len(users)}, messages.SUCCESS)

    @admin.action(description=_("Open the account again"), permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Also for accounts that their people had closed themselves: they are kept."""
        users = [user for user in queryset.filter(is_active=False) if _may_touch(request, user)]
        for user in users:
            user.is_active, user.deletes_at = True, None
            user.save(update_fields=["is_active", "deletes_at"])
            self.log_change(request, user, "reopen")
        said = ngettext("%(count)d account is open again.", "%(count)d accounts are open again.", len(users))
        self.message_user(request, said % {"count": len(users)}, messages.SUCCESS)

    @admin.action(description=_("Make a link to choose a new password"), permissions=["change"])
    def make_reset_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            if not _may_touch(request, user):
                continue
            key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
            said = _("For %(username)s, good once and for three days: %(url)s") % {
                "username": user.username,
                "url": get_adapter().get_reset_password_from_key_url(key),
            }
            self.log_change(request, user, "make_reset_link")
            self.message_user(request, said, messages.WARNING)

    @admin.action(description=_("Turn two-factor sign-in off"), permissions=["change"])
    def turn_off_second_step(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For who has lost app, passkey and recovery codes; it takes no password of theirs away."""
        users = [user for user in queryset if _may_touch(request, user) and second_step.turn_off(user)]
        for user in users:
            self.log_change(request, user, "turn_off_second_step")
        said = ngettext(
            "Two-factor sign-in is off for %(count)d account.",
            "Two-factor sign-in is off for %(count)d accounts.",
            len(users),
        )
        self.message_user(request, said % {"count": len(users)}, messages.SUCCESS)


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """An invitation's link is shown once, after it is made; deleting the invitation withdraws it."""

    fields = ("email",)
    list_display = ("__str__", "created_by", "created_at", "expires_at", "used_by", "used_at")
    search_fields = ("email", "used_by__username")

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        obj.created_by = request.user if isinstance(request.user, User) else None
        link = request.build_absolute_uri(reverse("accounts:invite", args=[obj.issue()]))
        said = _("Copy this link now, it is not shown again: %(url)s") % {"url": link}
        self.message_user(request, said, messages.WARNING)


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    return user is None or not user.is_superuser or is_owner(request)
