// Real pictures for tests, small. Those with a place tell 45° 54' N, a camera "CanaryCamera1" and
// that they are to be turned; the JPEG has a comment, "CanaryComment", too.
#pragma once

#include <string>

#include "sync/base/bytes.h"

namespace solidaires::service {

// 640 x 288, black.
inline std::string sample_png() {
  return from_hex(
             "89504e470d0a1a0a0000000d49484452000002800000012001000000000c42fffd0000002d4944415478d"
             "aed"
             "c13101000000c2a0f54f6d0b2fa000000000000000000000000000000000000000000000e0675b200001b"
             "251"
             "f70e0000000049454e44ae426082")
      .value();
}
// 60 x 40 as stored, 40 x 60 when turned as it says.
inline std::string sample_jpeg_with_place() {
  return from_hex(
             "ffd8ffe100a245786966000049492a000800000003000f0102000e0000003200000012010300010000000"
             "600"
             "00002588040001000000640000000000000043616e61727943616d6572613100000000000000000000000"
             "000"
             "000000000000000000000000000000000000000000000000020001000200020000004e000000020005000"
             "300"
             "000082000000000000002d000000010000003600000001000000d204000064000000fffe000f43616e617"
             "279"
             "436f6d6d656e74ffdb004300281c1e231e19282321232d2b28303c64413c37373c7b585d4964918099968"
             "f80"
             "8c8aa0b4e6c3a0aadaad8a8cc8ffcbdaeef5ffffff9bc1fffffffaffe6fdfff8ffdb0043012b2d2d3c353"
             "c76"
             "414176f8a58ca5f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f"
             "8f8"
             "f8f8f8f8f8f8f8f8f8f8f8f8f8ffc00011080028003c03012200021101031101ffc400150001010000000"
             "000"
             "0000000000000000000004ffc40014100100000000000000000000000000000000ffc4001401010000000"
             "000"
             "0000000000000000000000ffc40014110100000000000000000000000000000000ffda000c03010002110"
             "311"
             "003f009c000000000000000000000000000000000007ffd9")
      .value();
}

}  // namespace solidaires::service
