"""The roster, the desk and all that is printed in the console: on pages that the floors below made."""

from __future__ import annotations

from accounts.console.parts import extension_of
from accounts.models import Tenant, User
from identity.console.desk import LoginQr
from identity.console.printing import JoinPoster, LoginCards
from identity.console.roster import ImportRoster
from identity.console.vouchers import PrintVouchers
from ledger.models import VoucherBatch

extension_of(User).actions.append(LoginQr)
# In the order of the evening before.
extension_of(Tenant).actions.extend([ImportRoster, LoginCards, JoinPoster])
extension_of(VoucherBatch).actions.append(PrintVouchers)
