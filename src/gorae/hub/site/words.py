"""What the pages say, in English and in Korean. Pure."""

LANGUAGES = ("en", "ko")

_WORDS: dict[str, tuple[str, str]] = {
    "search": ("Search", "검색"),
    "search_hint": ("Search images", "이미지 검색"),
    "login": ("Log in", "로그인"),
    "logout": ("Log out", "로그아웃"),
    "signup": ("Sign up", "가입하기"),
    "account": ("Account", "내 계정"),
    "tagline": ("Images, shared.", "이미지를 나눕니다."),
    "welcome": (
        "Everyone may pull what is public. Log in to push.",
        "공개된 이미지는 누구나 받을 수 있습니다. 올리려면 로그인하세요.",
    ),
    "popular": ("Repositories", "저장소"),
    "yours": ("Yours", "내 저장소"),
    "results": ("Results for “{words}”", "“{words}” 검색 결과"),
    "nothing_found": ("Nothing was found.", "찾은 것이 없습니다."),
    "nothing_yet": ("Nothing here yet.", "아직 아무것도 없습니다."),
    "more": ("More", "더 보기"),
    "pulls": ("{count} pulls", "받기 {count}회"),
    "private": ("private", "비공개"),
    "public": ("public", "공개"),
    "updated": ("updated {when}", "{when} 갱신"),
    "pull_it": ("Pull it", "받기"),
    "copy": ("Copy", "복사"),
    "copied": ("Copied", "복사됨"),
    "readme": ("About", "소개"),
    "no_readme": ("This repository has no README.", "README가 없습니다."),
    "tags": ("Tags", "태그"),
    "tag": ("Tag", "태그"),
    "size": ("Size", "크기"),
    "platforms": ("Platforms", "플랫폼"),
    "platform": ("Platform", "플랫폼"),
    "pushed": ("Pushed", "올린 때"),
    "pushed_by": ("{when} by {who}", "{who} · {when}"),
    "digest": ("Digest", "다이제스트"),
    "created": ("Created", "만든 때"),
    "layers": ("Layers", "레이어"),
    "layers_hint": (
        "bottom first, with the instruction that made each",
        "아래부터, 각 레이어를 만든 명령과 함께",
    ),
    "files": ("Files", "파일"),
    "no_layer": ("no layer", "레이어 없음"),
    "unknown_step": ("(not recorded)", "(기록 없음)"),
    "settings": ("Settings", "설정"),
    "runs_as": ("How it runs", "실행 설정"),
    "command": ("Command", "명령"),
    "entrypoint": ("Entrypoint", "진입점"),
    "environment": ("Environment", "환경 변수"),
    "ports": ("Ports", "포트"),
    "user": ("User", "사용자"),
    "folder": ("Folder", "작업 폴더"),
    "volumes": ("Volumes", "볼륨"),
    "labels": ("Labels", "레이블"),
    "referrers": ("Attached to it", "첨부된 것"),
    "type": ("Type", "종류"),
    "name": ("Name", "이름"),
    "modified": ("Modified", "바뀐 때"),
    "mode": ("Mode", "권한"),
    "deleted_here": ("deleted by this layer", "이 레이어에서 지움"),
    "up": ("up", "위로"),
    "layer_of": ("Layer of {name}", "{name}의 레이어"),
    "not_a_layer": (
        "These files cannot be listed: the blob is no layer.",
        "레이어가 아니어서 파일을 볼 수 없습니다.",
    ),
    "cut": ("Only the first {count} entries are shown.", "처음 {count}개만 보여 줍니다."),
    "username": ("User name", "사용자 이름"),
    "password": ("Password", "비밀번호"),
    "new_password": ("New password", "새 비밀번호"),
    "invitation": ("Invitation", "초대 코드"),
    "no_account": ("No account yet?", "계정이 없으신가요?"),
    "have_account": ("An account already?", "이미 계정이 있으신가요?"),
    "password_hint": ("At least 8 characters.", "8자 이상."),
    "signup_closed": (
        "This hub takes no sign-ups. Ask its administrator for an account.",
        "이 허브는 가입을 받지 않습니다. 관리자에게 계정을 요청하세요.",
    ),
    "tokens": ("Access tokens", "액세스 토큰"),
    "tokens_hint": (
        "For CI and machines: a token stands in for your password and can be revoked by itself.",
        "CI와 기계를 위한 것: 토큰은 비밀번호를 대신하며 따로 취소할 수 있습니다.",
    ),
    "token_made": (
        "Your new token. It is shown this once; keep it well.",
        "새 토큰입니다. 지금 한 번만 보이니 잘 보관하세요.",
    ),
    "label": ("What it is for", "용도"),
    "scopes": ("Scope", "범위"),
    "scope_hint": (
        "pull, push, delete, or a pattern such as team/*:pull,push",
        "pull, push, delete 또는 team/*:pull,push 같은 패턴",
    ),
    "expires": ("Expires", "만료"),
    "days": ("{count} days", "{count}일"),
    "never": ("never", "없음"),
    "used": ("Last used", "마지막 사용"),
    "make": ("Create", "만들기"),
    "revoke": ("Revoke", "취소"),
    "remove": ("Remove", "삭제"),
    "save": ("Save", "저장"),
    "saved": ("Saved.", "저장했습니다."),
    "profile": ("Profile", "프로필"),
    "full_name": ("Full name", "이름"),
    "email": ("Email", "이메일"),
    "change_password": ("Change password", "비밀번호 바꾸기"),
    "current_password": ("Current password", "현재 비밀번호"),
    "organisations": ("Organisations", "조직"),
    "organisation": ("Organisation", "조직"),
    "members": ("Members", "구성원"),
    "role": ("Role", "역할"),
    "owner": ("owner", "소유자"),
    "writer": ("writer", "쓰기"),
    "reader": ("reader", "읽기"),
    "add": ("Add", "추가"),
    "description": ("Description", "설명"),
    "visibility": ("Who may pull", "누가 받을 수 있나"),
    "visibility_public": ("everyone", "누구나"),
    "visibility_private": ("members only", "구성원만"),
    "danger": ("Remove the repository", "저장소 삭제"),
    "danger_hint": (
        "All its images go. Type its name to be sure.",
        "모든 이미지가 사라집니다. 확인을 위해 이름을 입력하세요.",
    ),
    "name_differs": ("The name that you typed is another one.", "입력한 이름이 다릅니다."),
    "not_found": (
        "There is nothing here, or you may not see it.",
        "없거나 볼 수 없는 페이지입니다.",
    ),
    "activity": ("Recent activity", "최근 활동"),
    "push_hint": ("Push your first image", "첫 이미지 올리기"),
    "repositories": ("repositories", "저장소"),
    "language": ("한국어", "English"),
    "footer": (
        "Any client works: docker, podman, skopeo, containerd.",
        "docker, podman, skopeo, containerd 모두 됩니다.",
    ),
    "stale_form": (
        "The form was too old. Please try again.",
        "오래된 양식입니다. 다시 시도해 주세요.",
    ),
    "ago_now": ("just now", "방금"),
    "ago_minutes": ("{count} min ago", "{count}분 전"),
    "ago_hours": ("{count} h ago", "{count}시간 전"),
    "ago_days": ("{count} days ago", "{count}일 전"),
}


def say(language: str, key: str, **values: object) -> str:
    """A text in a language; English where the language is not known."""
    text = _WORDS[key][1 if language == "ko" else 0]
    return text.format(**values) if values else text


def keys() -> tuple[str, ...]:
    """Every text's key."""
    return tuple(_WORDS)


def choose(cookie: str, accepted: str) -> str:
    """The language: as chosen before, else the first that the browser names and we have."""
    if cookie in LANGUAGES:
        return cookie
    for part in accepted.lower().split(","):
        code = part.partition(";")[0].strip().partition("-")[0]
        if code in LANGUAGES:
            return code
    return "en"
