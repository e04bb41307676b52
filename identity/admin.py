"""Rosters, pictures, the desk and all that is printed in the console: on pages that the floors below made."""

from __future__ import annotations

from accounts.console.parts import extension_of
from accounts.models import Tenant, User
from identity.console.desk import LoginQr
from identity.console.pictures import TakePictureAway, picture_of
from identity.console.printing import JoinPoster, LoginCards
from identity.console.roster import ImportRoster
from identity.console.vouchers import PrintVouchers
from ledger.models import VoucherBatch

extension_of(User).actions.extend([LoginQr, TakePictureAway])
extension_of(User).panels.append(picture_of)
# In the order of the evening before.
extension_of(Tenant).actions.extend([ImportRoster, LoginCards, JoinPoster])
extension_of(VoucherBatch).actions.append(PrintVouchers)
