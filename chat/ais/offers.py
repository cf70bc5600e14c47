"""What a person is offered: each provider with its models, whether it is ready, and why not."""

from dataclasses import dataclass

from django.db.models import Prefetch

from accounts.models import Plan, User
from accounts.plans.rules import allows
from chat.ais.access import Access, environment_key
from chat.ais.targets import usual_model
from chat.models import AiPreference, Model, Provider, ProviderKey


@dataclass(frozen=True, slots=True)
class Offer:
    """One provider as one person sees it. `obstacle` is the code of what keeps them from it, or empty.

    `models` are those that their plan has, the usual ones first; a model that is not among them may be named
    all the same, unless an administrator switched it off.
    """

    provider: Provider
    models: list[Model]
    obstacle: str
    own_key: ProviderKey | None
    server_key: ProviderKey | None
    has_environment_key: bool
    preference: AiPreference | None
    plan: Plan
    default_model: str
    """The model that is asked where none is named."""

    @property
    def is_ready(self) -> bool:
        return not self.obstacle

    def model(self, name: str) -> Model | None:
        return next((model for model in self.models if model.name == name), None)


def offers(user: User, *, slug: str = "") -> list[Offer]:
    """Every provider this person can see, or the one of that slug; six queries however many there are.

    What the owner switched off is left out for everybody but administrators.
    """
    models = Model.objects.filter(enabled=True, is_listed=True).order_by("position", "name")
    providers = Provider.objects.for_user(user).prefetch_related(Prefetch("models", queryset=models))
    if not user.is_superuser:
        providers = providers.filter(enabled=True)
    if slug:
        providers = providers.filter(slug=slug)
    rows = list(providers)
    reach = Access(user, rows)
    preferences = {row.provider_id: row for row in AiPreference.objects.filter(user=user)}
    return [_offer(row, reach, preferences.get(row.pk)) for row in rows]


def _offer(provider: Provider, reach: Access, preference: AiPreference | None) -> Offer:
    models = [model for model in provider.models.all() if allows(reach.plan, provider.slug, model.name)]
    default = usual_model(reach.plan, provider, preference, [model.name for model in models])
    return Offer(
        provider=provider,
        models=models,
        obstacle=reach.obstacle(provider, model_name=default),
        own_key=reach.key(provider, own=True),
        server_key=reach.key(provider, own=False),
        has_environment_key=bool(environment_key(provider)),
        preference=preference,
        plan=reach.plan,
        default_model=default,
    )
