#include "tests/integration/cases/scene.h"

#include <utility>

namespace tokenwarden::cases {
namespace {

std::string TextAt(const Json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

void TakeAppToken(Scene& scene, const std::string& app_token) {
  const std::size_t bar = app_token.find('|');
  if (bar == std::string::npos) {
    scene.app_secret = Secret(app_token);
    return;
  }
  scene.spec.meta.app_id = app_token.substr(0, bar);
  scene.app_secret = Secret(app_token.substr(bar + 1));
}

}  // namespace

Scene UsualScene(Json answer) {
  Scene scene;
  scene.spec.name = "whatsapp";
  scene.spec.meta.app_id = TextAt(answer, "app_id");
  scene.spec.meta.endpoint = TextAt(answer, "url");
  scene.app_secret = Secret(TextAt(answer, "app_secret"));
  scene.value = TextAt(answer, "token");
  scene.answer = std::move(answer);
  return scene;
}

void WithoutSecret(Scene& scene) { scene.app_secret.reset(); }

void WithSecretOfTheCall(Scene& scene) {
  const Json& call = scene.answer["call"];
  const auto form = call.find("form");
  if (form == call.end()) return TakeAppToken(scene, TextAt(call, "bearer"));
  scene.spec.meta.app_id = TextAt(*form, "client_id");
  scene.app_secret = Secret(TextAt(*form, "client_secret"));
}

void WithTheInspectorAsSecret(Scene& scene) {
  TakeAppToken(scene, TextAt(scene.answer, "inspector"));
}
void WithWrongSecret(Scene& scene) { scene.app_secret = Secret("wrong"); }
void WithProofsStamped(Scene& scene) { scene.spec.meta.send_appsecret_time = true; }

void OfTheInspector(Scene& scene) { scene.value = TextAt(scene.answer, "inspector"); }
void OfTheCall(Scene& scene) {
  scene.value = TextAt(scene.answer["call"]["form"], "fb_exchange_token");
}
void OfNoKnownForm(Scene& scene) { scene.value = "qwertyuiopasdfghjklzxcvb"; }
void OfAnApp(Scene& scene) { scene.spec.meta.kind = MetaKind::kApp; }
void OfAPage(Scene& scene) {
  scene.spec.meta.kind = MetaKind::kPage;
  scene.spec.meta.page_id = TextAt(scene.answer, "page_id");
  scene.parent_token = Secret(TextAt(scene.answer, "parent_token"));
}
void OfASystemUser(Scene& scene) { scene.spec.meta.kind = MetaKind::kSystemUser; }
void OfVersion19(Scene& scene) { scene.spec.meta.api_version = "v19.0"; }
void OfVersion99(Scene& scene) { scene.spec.meta.api_version = "v99.0"; }

void ForWhatsApp(Scene& scene) {
  scene.spec.meta.required_scopes = {"whatsapp_business_management", "whatsapp_business_messaging"};
}
void ForThePhone(Scene& scene) {
  scene.spec.meta.phone_number_id = TextAt(scene.answer, "phone_number_id");
}
void ForTheAccount(Scene& scene) {
  scene.spec.meta.business_account_id = TextAt(scene.answer, "waba_id");
}
void ByGeneration(Scene& scene) {
  scene.spec.meta.generate_system_user_id = TextAt(scene.answer, "system_user_id");
  scene.generate_token = Secret(TextAt(scene.answer, "token"));
}

void LookTwice(Scene& scene) { scene.looks = 2; }
void Impatiently(Scene& scene) { scene.timeout = std::chrono::milliseconds(1500); }
void WithOurClockSlow(Scene& scene) { scene.our_clock_off = Seconds(-600); }
void AfterTheCall(Scene& scene) { scene.others_call_first = true; }
void RacingTheCall(Scene& scene) { scene.others_call_between = true; }
void SeenAliveBefore(Scene& scene) { scene.earlier_look = Lifetime::kFinite; }
void SeenNeverEndingBefore(Scene& scene) { scene.earlier_look = Lifetime::kNever; }

}  // namespace tokenwarden::cases
