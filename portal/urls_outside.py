"""Every address of the portal but the back office's, for those outside ADMIN_NETWORKS (portal/middleware.py)."""

from . import urls

handler400 = urls.handler400
urlpatterns = [pattern for pattern in urls.urlpatterns if not str(pattern.pattern).startswith("admin/")]
